// Package scenarios is the script: it reads a scenario file, checks it, puts all
// rooms of the house together for a run, plays it and has the report written. It
// is the only package that knows all the others.
//
//	file ─ Load ─ Script ─ Stage ─ Run.Play ─ reports.Report
//	                └ Compare: variants × seeds
package scenarios
