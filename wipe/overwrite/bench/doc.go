// Package bench measures a random pass and its full verification on a loop
// device over tmpfs, and holds them against shred(1) and cmp(1).
//
//	go test -run '^$' -bench BarShred -benchtime 1x ./wipe/overwrite/bench
//	go test -run '^$' -bench Tune ./wipe/overwrite/bench
//
// It needs root, 3 GiB of free memory and a free loop device. It has no code
// besides its benchmarks.
package bench
