// Package bench is where the default buffers of overwrite and verify come from:
//
//	go test -run '^$' -bench Tune -benchtime 1x -rounds 15 ./wipe/overwrite/bench
//
// It needs root, 1 GiB of free memory and a free loop device. It has no code
// besides its benchmark; how the passes do against other tools is measured by
// `make bench`.
package bench
