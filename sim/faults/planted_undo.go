//go:build planted_undo

package faults

const forgetful = "crash"
