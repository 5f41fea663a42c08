package main

import "golang.org/x/sys/unix"

// openPlain opens what is found in a folder without waiting on a FIFO or following
// a link out of it.
const openPlain = unix.O_NONBLOCK | unix.O_NOFOLLOW
