// Package language reads scenario files: it alone knows YAML. It turns a file
// into the plain structs of the rooms, by the convention written down beside
// [sim.Registry], and answers what is wrong in it with all mistakes at once,
// each with file, line, column, the line itself and what is possible.
//
//	source ─ Read ─ Document ┬ Set, Overlay ─ Document ─ Decode ─ structs
//	                         └ At, Problem: where a later check's mistake stands
//
// The same types give the JSON Schema of a file ([Schema]) and the manual of an
// entry ([Describe]), so that loader, editor and manual say the same.
//
// What the convention leaves open is a type's own to say: a [Choice] decodes
// itself. [Named] and [ByKey] are the two choices that registries need.
package language
