// Package twinbed is the root of a testbed for Internet-of-Everything systems.
// It holds no code: see README.md for how to use it and ARCHITECTURE.md for its
// rooms. The tests here keep the house in order.
package twinbed
