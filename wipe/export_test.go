package wipe

// WorkerPID is the process of a worker that Processes started.
func WorkerPID(w Worker) int { return w.(*process).cmd.Process.Pid }
