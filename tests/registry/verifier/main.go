// Verifies a detached signature as the registry's and the Elastic Agent's own library does:
//
//	verify-signature KEY.asc FILE FILE.sig
//
// It prints the fingerprint of the key that signed, and fails where the signature is none of that key.
package main

import (
	"fmt"
	"os"

	"github.com/ProtonMail/go-crypto/openpgp"
)

func main() {
	fingerprint, err := verify(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(fingerprint)
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
