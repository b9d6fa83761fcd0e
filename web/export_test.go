package web

import "io/fs"

// DistSize counts the bytes of all embedded files.
func DistSize() int64 {
	var size int64
	err := fs.WalkDir(dist, ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		size += info.Size()
		return err
	})
	if err != nil {
		panic(err)
	}
	return size
}
