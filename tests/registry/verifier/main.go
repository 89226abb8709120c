// Verifies a detached signature as the registry's and the Elastic Agent's own library does:
//
//	verify-signature KEY.asc FILE FILE.sig
//	verify-signature TABLE.json
//
// It prints the fingerprint of the key that signed, and fails where the signature is none of that key. Of a
// table, a list of [KEY.asc, FILE, FILE.sig], it prints a list of the same, or `refused: ` and why.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/ProtonMail/go-crypto/openpgp"
)

func main() {
	if len(os.Args) == 2 {
		if err := verifyAll(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	fingerprint, err := verify(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(fingerprint)
}

func verifyAll(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var table [][3]string
	if err := json.Unmarshal(content, &table); err != nil {
		return err
	}
	answers := []string{}
	for _, row := range table {
		answer, err := verify(row[0], row[1], row[2])
		if err != nil {
			answer = "refused: " + err.Error()
		}
		answers = append(answers, answer)
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func verify(key, signed, signature string) (string, error) {
	keyFile, err := os.Open(key)
	if err != nil {
		return "", err
	}
	defer keyFile.Close()
	ring, err := openpgp.ReadArmoredKeyRing(keyFile)
	if err != nil {
		return "", err
	}
	content, err := os.Open(signed)
	if err != nil {
		return "", err
	}
	defer content.Close()
	armored, err := os.Open(signature)
	if err != nil {
		return "", err
	}
	defer armored.Close()
	signer, err := openpgp.CheckArmoredDetachedSignature(ring, content, armored, nil)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%X", signer.PrimaryKey.Fingerprint), nil
}
