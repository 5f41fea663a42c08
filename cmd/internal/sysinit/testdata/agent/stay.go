package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"lethe/cmd/internal/sysinit"
)

// stay obeys words on the console, where the kernel's environment asks for it:
// "close" closes the modules, "load NAME" starts modprobe.
func stay(s sysinit.State) {
	if os.Getenv("agent_stay") == "" {
		return
	}
	fmt.Println("AGENT stays")
	sc := bufio.NewScanner(os.Stdin)
	for sc.Scan() {
		word, arg, _ := strings.Cut(strings.TrimSpace(sc.Text()), " ")
		switch word {
		case "close":
			fmt.Printf("AGENT closed: %v\n", s.Hotplug.CloseModules())
		case "load":
			cmd := exec.Command("/sbin/modprobe", arg)
			out, _ := cmd.CombinedOutput()
			fmt.Printf("AGENT modprobe %s: %d %s\n", arg, cmd.ProcessState.ExitCode(), out)
		}
	}
}
