package language

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Folder is where a scenario's files are. Nothing outside of it can be opened,
// not through "..", an absolute path or a link either.
type Folder struct {
	files fs.FS
	close func() error
}

// OpenFolder opens a folder on disk; close it after the run.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root.FS(), root.Close}, nil
}

// NewFolder is a folder of files that need not be on disk, such as an embed.FS.
func NewFolder(files fs.FS) *Folder {
	return &Folder{files, func() error { return nil }}
}

// Close ends the use of the folder.
func (f *Folder) Close() error { return f.close() }

// Open opens a file by its name relative to the folder. The error is one sentence
// about that name.
func (f *Folder) Open(name string) (io.ReadCloser, error) {
	if f == nil {
		return nil, fmt.Errorf("%s cannot be read: this scenario has no folder", shown(name))
	}
	clean := path.Clean(filepath.ToSlash(name))
	if name == "" || path.IsAbs(clean) || filepath.IsAbs(name) || !fs.ValidPath(clean) {
		return nil, outside(name)
	}
	// A pipe would block when opened, so what it is comes first.
	about, err := fs.Stat(f.files, clean)
	if err == nil && !about.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", shown(name))
	}
	var file fs.File
	if err == nil {
		file, err = f.files.Open(clean)
	}
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s in the scenario's folder", shown(name))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the file %s may not be read", shown(name))
	case strings.Contains(err.Error(), "escapes"):
		return nil, outside(name)
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return nil, fmt.Errorf("the file %s cannot be read: %v", shown(name), err)
}

func outside(name string) error {
	return fmt.Errorf("%s is not inside the scenario's folder, where its files must be", shown(name))
}

func (d *Document) open(name string) (io.ReadCloser, error) { return d.Folder.Open(name) }

// check says whether a file can be opened.
func (d *Document) check(name string) error {
	file, err := d.open(name)
	if err != nil {
		return err
	}
	return file.Close()
}
