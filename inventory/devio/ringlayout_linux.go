package devio

// request is struct io_uring_sqe as far as reads and writes need it.
type request struct {
	op, flags uint8
	prio      uint16
	fd        int32
	off, addr uint64
	len, rw   uint32
	user      uint64
	_         [3]uint64
}

// completion is struct io_uring_cqe.
type completion struct {
	user  uint64
	res   int32
	flags uint32
}

// ringParams is struct io_uring_params.
type ringParams struct {
	requests, completions, flags, cpu, idle, features, wq uint32
	_                                                     [3]uint32
	// head, tail, mask, entries, flags, dropped, array, ...
	sq [10]uint32
	// head, tail, mask, entries, overflow, completions, ...
	cq [10]uint32
}

const (
	opRead  = 22 // IORING_OP_READ
	opWrite = 23 // IORING_OP_WRITE

	// Restrictions are registered before the ring is enabled (R_DISABLED, Linux
	// 5.10); completions do not interrupt the thread (COOP_TASKRUN, 5.19).
	ringFlags   = 1<<6 | 1<<8
	oneMapping  = 1 << 0 // IORING_FEAT_SINGLE_MMAP
	timedWaits  = 1 << 8 // IORING_FEAT_EXT_ARG
	restrict    = 11     // IORING_REGISTER_RESTRICTIONS
	enable      = 12     // IORING_REGISTER_ENABLE_RINGS
	allowOp     = 1      // IORING_RESTRICTION_SQE_OP
	getEvents   = 1 << 0 // IORING_ENTER_GETEVENTS
	extended    = 1 << 3 // IORING_ENTER_EXT_ARG
	mapRequests = 0x10000000
)
