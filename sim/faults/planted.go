//go:build !planted_undo

package faults

// forgetful names a fault that is never undone: none. Built with the tag
// planted_undo one is, to see that chaos finds it.
const forgetful = ""
