package sysinit

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// PapersDir is where papers wait in the booted machine: in RAM, until delivered.
const PapersDir = "/run/lethe/papers"

// undelivered is how many papers in dir have no receipt.
func undelivered(dir string) int {
	papers, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if err != nil {
		return 0 // only for a bad pattern
	}
	n := 0
	for _, p := range papers {
		if !exists(p + ".receipt.json") {
			n++
		}
	}
	return n
}

// hold keeps the machine on when Lethe has ended. There is no login: each console
// takes two words, which switch the machine off or restart it, and nothing else. It
// never returns.
func hold(status string) {
	st, _ := loadSite() // a broken one has no consoles
	for _, spec := range otherConsoles(Consoles(), st.Consoles) {
		go holdOn(status, func() (*os.File, error) { return openConsole(spec) })
	}
	holdOn(status, openMain)
}

// holdOn holds one console for ever.
func holdOn(status string, open func() (*os.File, error)) {
	for {
		if f, err := open(); err == nil {
			holdDialogue(f, status, func() int { return undelivered(PapersDir) }, map[string]func() error{"poweroff": PowerOff, "reboot": Reboot})
			f.Close()
		}
		time.Sleep(5 * time.Second) // a console that is gone must not spin
	}
}

// holdDialogue talks on one console until it ends. Papers that nobody has are not
// thrown away by one word.
func holdDialogue(c io.ReadWriter, status string, papers func() int, act map[string]func() error) {
	fmt.Fprintf(c, "\nlethe %s\nThis machine stays on; there is no login here.\n", status)
	say := func() {
		if n := papers(); n > 0 {
			fmt.Fprintf(c, "%d PAPERS ARE NOT DELIVERED: they are in this machine's memory only, and lost when it goes off.\n", n)
		}
		fmt.Fprint(c, "Type poweroff or reboot and press Enter: ")
	}
	say()
	for in := bufio.NewScanner(c); in.Scan(); say() {
		word, force := strings.CutSuffix(strings.Join(strings.Fields(in.Text()), " "), " anyway")
		do := act[word]
		switch n := papers(); {
		case do == nil:
		case n > 0 && !force:
			fmt.Fprintf(c, "Not with %d undelivered papers. To lose them, type: %s anyway\n", n, word)
		default:
			fmt.Fprintf(c, "%s: %v\n", word, do())
		}
	}
}
