package twins

import "strings"

// Feature is what a formula can ask of a twin by a function, for the catalogue.
type Feature struct{ Name, Form, Doc string }

// Features lists the functions over twins.
func Features() (list []Feature) {
	for _, f := range functions {
		var params []string
		for _, p := range f.params {
			name := p.Name
			if p.Optional {
				name = "[" + name + "]"
			}
			params = append(params, name)
		}
		list = append(list, Feature{f.name, f.name + "(" + strings.Join(params, ", ") + ")", f.doc})
	}
	return list
}
