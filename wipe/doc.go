// Package wipe is what Lethe does to drives: from a grant and a policy it makes a
// plan, gives every drive of the plan to a worker of its own, and writes down
// what each worker saw. It knows no network, no paper and no screen, and it
// decides no verdict: that is judge's, from the transcript alone.
//
// The supervisor side (Engine) never opens a drive. The drive side (Work) runs
// in a process that holds one drive's handle and nothing else, so that a stuck,
// crashing or vanishing drive ends its own task only (law 6).
package wipe
