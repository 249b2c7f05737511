//go:build planted_ack

package twins

const countsTwice = true
