// Package judge turns what was seen into a verdict. It is pure: a transcript, a
// profile and a list of quirks go in, a verdict comes out, and the agent, the
// depot and the auditor's checker all run this same code and must agree.
//
// The rule of the house: a verdict of Cleared or Purged needs every observation
// to be there, fresh, in order and without contradiction. Anything missing ends
// as Unknown; anything seen to be wrong ends as Failed; anything cut short ends
// as Incomplete.
package judge
