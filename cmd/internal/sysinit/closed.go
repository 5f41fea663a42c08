package sysinit

import "slices"

// close refuses every load from here on and waits for those under way.
func (l *loader) close() {
	l.mu.Lock()
	l.closed = true
	var under []chan struct{}
	for _, done := range l.jobs {
		under = append(under, done)
	}
	l.mu.Unlock()
	for _, done := range under {
		<-done
	}
}

// refused returns the modules that the aliases ask for and that came too late:
// after close, and never tried before. Each alias is answered once.
func (l *loader) refused(aliases []string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		return nil
	}
	var out []string
	for _, a := range aliases {
		if l.aliases[a] {
			continue
		}
		l.aliases[a] = true
		for _, m := range l.index.Match(a) {
			if l.jobs[m] == nil && !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}
