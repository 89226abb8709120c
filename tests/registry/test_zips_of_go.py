"""What Go's archive/zip writes by itself, which elastic-package writes zips with, is taken."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pkgaction.transforms import unarchive

FILES = {"docs/größe.md": "潮 ".encode() * 999, "manifest.yml": b"name: kelp\n", "empty": b""}
TOP = "kelp-1.0.0"
PROGRAM = """
package main

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func headers(w *zip.Writer, root string) error {
	return filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		must(err)
		header, err := zip.FileInfoHeader(info)
		must(err)
		header.Name = path
		if info.IsDir() {
			header.Name += "/"
		} else {
			header.Method = zip.Deflate
		}
		entry, err := w.CreateHeader(header)
		if err != nil || info.IsDir() {
			return err
		}
		file, err := os.Open(path)
		must(err)
		_, err = io.Copy(entry, file)
		return err
	})
}

func main() {
	w := zip.NewWriter(os.Stdout)
	if os.Args[1] == "headers" {
		must(headers(w, os.Args[2]))
	} else {
		must(w.AddFS(os.DirFS("below")))
	}
	must(w.Close())
}
"""


@pytest.mark.skipif(not shutil.which("go"), reason="Go is not installed")
def test_a_zip_of_go_is_taken(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(PROGRAM)
    for root in (tmp_path, tmp_path / "below"):
        for name, data in FILES.items():
            (root / TOP / name).parent.mkdir(parents=True, exist_ok=True)
            (root / TOP / name).write_bytes(data)
    subprocess.run(["go", "build", "-o", "made", "main.go"], cwd=tmp_path, check=True)

    for way in ("headers", "file system"):
        path = tmp_path / "a.zip"
        done = subprocess.run(
            [tmp_path / "made", way, TOP], cwd=tmp_path, capture_output=True, check=True
        )
        path.write_bytes(done.stdout)
        with unarchive.opened(path) as (top, tree):
            assert top == TOP
            assert {file.path: file.read(limit=1 << 20) for file in tree.files} == FILES
