// Reads and writes zips as Go's own library does, which the Package Registry uses.
//
//	zips read < PATHS      one line of JSON for each zip: its entries, each with the SHA-256 of its bytes
//	zips walk < PATHS      the same by the file system that the library makes of a zip
//	zips write ZIP FOLDER  a zip of the folder, as the library writes it by itself
package main

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
)

type answer struct {
	Entries [][2]string `json:"entries,omitempty"`
	Error   string      `json:"error,omitempty"`
}

func main() {
	if os.Args[1] == "write" {
		if err := write(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	of := map[string]func(*zip.ReadCloser) ([][2]string, error){"read": read, "walk": walk}[os.Args[1]]
	lines := bufio.NewScanner(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		_ = output.Encode(answerOf(lines.Text(), of))
	}
}

func answerOf(path string, of func(*zip.ReadCloser) ([][2]string, error)) answer {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer archive.Close()
	entries, err := of(archive)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Entries: entries}
}

func read(archive *zip.ReadCloser) ([][2]string, error) {
	var entries [][2]string
	for _, file := range archive.File {
		stream, err := file.Open()
		if err != nil {
			return nil, err
		}
		sha256, err := digest(stream)
		if err != nil {
			return nil, err
		}
		entries = append(entries, [2]string{file.Name, sha256})
	}
	return entries, nil
}

func walk(archive *zip.ReadCloser) ([][2]string, error) {
	var entries [][2]string
	err := fs.WalkDir(archive, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if entry.IsDir() {
			entries = append(entries, [2]string{path + "/", ""})
			return nil
		}
		stream, err := archive.Open(path)
		if err != nil {
			return err
		}
		sha256, err := digest(stream)
		entries = append(entries, [2]string{path, sha256})
		return err
	})
	return entries, err
}

func digest(stream io.ReadCloser) (string, error) {
	defer stream.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, stream); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}

func write(path, folder string) error {
	output, err := os.Create(path)
	if err != nil {
		return err
	}
	defer output.Close()
	archive := zip.NewWriter(output)
	if err := archive.AddFS(os.DirFS(folder)); err != nil {
		return err
	}
	return archive.Close()
}
