package sysinit

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"lethe/image/kmod"
)

// moduleList is what the image's profile says about modules; see
// image.Profile.
type moduleList struct {
	Load    []string          // at each boot, in this order
	Hotplug []string          // before the modules are closed
	Options map[string]string // parameters by normalised module name
}

// parseModuleList reads lines of "load NAME", "hotplug NAME" and "options NAME
// PARAMETERS". A line that is none of these is an error: the file comes from
// the build of this same version.
func parseModuleList(b []byte) (moduleList, error) {
	l := moduleList{Options: map[string]string{}}
	sc := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; sc.Scan(); n++ {
		f := strings.Fields(sc.Text())
		switch {
		case len(f) == 0:
		case f[0] == "load" && len(f) == 2:
			l.Load = append(l.Load, f[1])
		case f[0] == "hotplug" && len(f) == 2:
			l.Hotplug = append(l.Hotplug, f[1])
		case f[0] == "options" && len(f) > 2:
			addOption(l.Options, f[1], strings.Join(f[2:], " "))
		default:
			return l, fmt.Errorf("parse module list: line %d is not understood", n)
		}
	}
	return l, sc.Err()
}

// addOption puts parameters behind those there are: of two that say something
// else, the kernel takes the last.
func addOption(to map[string]string, module, params string) {
	m := kmod.Normalize(module)
	to[m] = strings.TrimSpace(to[m] + " " + params)
}

// addCmdline adds the parameters of modules on the kernel's command line, like
// libata.force=1.5G. The kernel itself sees only those of what is built in;
// for modules it is the loader's to pass them on (modprobe(8) does so, too).
func (l moduleList) addCmdline(words string, known func(string) bool) {
	for _, w := range splitCmdline(words) {
		if w == "--" {
			return
		}
		key, val, ok := strings.Cut(w, "=")
		module, param, dot := strings.Cut(key, ".")
		if !dot || module == "" || param == "" || !known(module) {
			continue
		}
		if ok {
			param += "=" + quoteParam(val)
		}
		addOption(l.Options, module, param)
	}
}

// quoteParam keeps a value with blanks one word, as the kernel's parse_args
// reads it.
func quoteParam(s string) string {
	if strings.ContainsAny(s, " \t\n") {
		return `"` + strings.ReplaceAll(s, `"`, "") + `"`
	}
	return s
}
