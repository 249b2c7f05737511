//go:build !planted_ack

package twins

// countsTwice says whether an ack of a command that was sent again is counted
// twice: no. Built with the tag planted_ack it is, to see that chaos finds it.
const countsTwice = false
