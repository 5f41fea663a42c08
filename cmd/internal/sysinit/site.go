package sysinit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"lethe/image/site"
)

// loadSite returns the zero Site where there is no file.
func loadSite() (site.Site, error) {
	b, err := os.ReadFile(site.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return site.Site{Version: site.Version}, nil
	}
	if err != nil {
		return site.Site{}, fmt.Errorf("read site file: %w", err)
	}
	return site.Parse(b)
}

// ReadSite is the site file of this image, the zero Site where it has none. Run
// tells what is wrong with it.
func ReadSite() (site.Site, error) { return loadSite() }
