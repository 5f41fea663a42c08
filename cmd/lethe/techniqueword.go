package main

import (
	"flag"
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
)

// techniqueWords are the techniques as people type them.
var techniqueWords = map[record.Technique]string{
	record.Overwrite: "overwrite", record.BlockErase: "block-erase", record.CryptoErase: "crypto-erase",
	record.SanitizeOverwrite: "sanitize-overwrite", record.SecurityErase: "security-erase",
	record.SecurityEraseEnhanced: "security-erase-enhanced", record.FormatNVM: "format-nvm",
	record.FormatUnit: "format-unit", record.Revert: "revert",
}

// techniqueWord is a person's word for a technique in the record's spelling.
func techniqueWord(s string) (record.Technique, error) {
	var words []string
	for _, t := range record.Techniques() {
		if techniqueWords[t] == s {
			return t, nil
		}
		words = append(words, techniqueWords[t])
	}
	return "", fmt.Errorf("want one of %s", strings.Join(words, ", "))
}

func techniqueFlag(fs *flag.FlagSet, p *record.Technique) {
	fs.Func("technique", "`how` to erase: overwrite, block-erase, crypto-erase, sanitize-overwrite, security-erase, security-erase-enhanced, format-nvm or format-unit; the strongest the drive has where not given", func(s string) (err error) {
		*p, err = techniqueWord(s)
		return err
	})
}

// cryptoArgs are the flags that declare what no drive can show of its encryption.
type cryptoArgs struct{ d record.CryptoDeclaration }

func (a *cryptoArgs) flags(fs *flag.FlagSet) {
	word := func(p *string, name, usage string) {
		fs.Func(name, usage, func(s string) error {
			if s != "yes" && s != "no" && s != "unknown" {
				return fmt.Errorf("want yes, no or unknown")
			}
			*p = s
			return nil
		})
	}
	word(&a.d.AlwaysOn, "crypto-always-on", "`whether` the drives have encrypted since their first use: yes, no, unknown")
	word(&a.d.Escrow, "crypto-escrow", "`whether` keys are kept elsewhere: yes, no, unknown")
	fs.StringVar(&a.d.By, "crypto-by", "", "`name` of the person whose word that is")
	fs.StringVar(&a.d.Certification, "crypto-certification", "", "`certificate` of the drives' module, such as FIPS 140-3 number 4567")
}

// declaration is what was declared, nil where nothing was.
func (a *cryptoArgs) declaration() (*record.CryptoDeclaration, error) {
	d := a.d
	if d == (record.CryptoDeclaration{}) {
		return nil, nil
	}
	if d.By == "" || d.AlwaysOn == "" || d.Escrow == "" {
		return nil, cli.Usagef("a declaration needs --crypto-by, --crypto-always-on and --crypto-escrow: a cryptographic erase alone counts only where a person says yes to the first and no to the second")
	}
	return &d, nil
}
