package simscsi

import (
	"bytes"
	"math/rand/v2"
)

// chunk is how many blocks are written to the store at once.
const chunk = 256

// cacheMost bounds what a drive that lies keeps in memory, in blocks.
const cacheMost = 1 << 16

// erase works through the medium up to block to, leaving what a fault lets survive.
func (d *Drive) erase(p *process, to uint64) error {
	f := d.s.Config.Faults
	if f.Hollow || p.Keep || to <= p.Erased {
		p.Erased = max(p.Erased, to)
		return nil
	}
	buf := make([]byte, 0, chunk*int(p.Length))
	at := p.Erased
	flush := func() error {
		if len(buf) == 0 {
			return nil
		}
		_, err := d.store.WriteAt(buf, int64(at)*int64(p.Length))
		at, buf = at+uint64(len(buf))/uint64(p.Length), buf[:0]
		return err
	}
	for lba := p.Erased; lba < to; lba++ {
		if f.survives(lba, p.Blocks) {
			if err := flush(); err != nil {
				return err
			}
			at = lba + 1
			continue
		}
		buf = d.erased(buf, p, lba)
		if len(buf) == cap(buf) {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	p.Erased = to
	return flush()
}

// tail erases what is left of the medium behind its last whole block.
func (d *Drive) tail(p *process) error {
	end := int64(d.fits(p.Length)) * int64(p.Length)
	n := d.s.Config.Media - end
	if n <= 0 || d.s.Config.Faults.Hollow || p.Keep || p.Format {
		return nil
	}
	_, err := d.store.WriteAt(bytes.Repeat([]byte{d.s.Config.Erased}, int(n)), end)
	return err
}

// erased appends what block lba holds after the erase.
func (d *Drive) erased(buf []byte, p *process, lba uint64) []byte {
	n := len(buf)
	buf = buf[:n+int(p.Length)]
	b := buf[n:]
	switch {
	case p.Action == actionCrypto:
		scramble(b, p.Key, lba)
	case len(p.Pattern) > 0:
		for i := range b {
			b[i] = p.Pattern[i%len(p.Pattern)]
		}
	default:
		for i := range b {
			b[i] = d.s.Config.Erased
		}
	}
	return buf
}

// survives reports whether a block keeps its data: one piece from the middle on, or
// here and there.
func (f Faults) survives(lba, blocks uint64) bool {
	if f.Survive <= 0 {
		return false
	}
	if f.Spread {
		return rand.New(rand.NewPCG(lba, 1)).Float64() < f.Survive
	}
	n := max(uint64(f.Survive*float64(blocks)), 1)
	first := (blocks - min(n, blocks)) / 2
	return lba >= first && lba < first+n
}

// unreadable marks every block as one that must be written before it can be read, as
// WABEREQ and WACEREQ say.
func (d *Drive) unreadable(action byte) {
	req := map[byte]byte{actionBlock: d.s.Config.WABEREQ, actionCrypto: d.s.Config.WACEREQ}[action]
	d.s.Unread = map[byte]Sense{2: readError, 3: writeFirst}[req]
	if d.s.Unread == noSense {
		return
	}
	d.s.Unwritten = bytes.Repeat([]byte{0xff}, int(d.s.Blocks+7)/8)
}

// read returns n blocks from lba on.
func (d *Drive) read(lba, n uint64) answer {
	if lba > d.s.Blocks || n > d.s.Blocks-lba {
		return d.refuse(outOfRange)
	}
	size := uint64(d.s.Length)
	b := make([]byte, n*size)
	if _, err := d.store.ReadAt(b, int64(lba*size)); err != nil {
		return d.refuse(readError)
	}
	for i := lba; i < lba+n; i++ {
		if d.s.Unwritten != nil && d.s.Unwritten[i/8]&(1<<(i%8)) != 0 {
			return d.refuse(d.s.Unread)
		}
		if c := d.cache[i]; c != nil {
			copy(b[(i-lba)*size:], c)
		}
	}
	return answer{data: b}
}

// write takes n blocks at lba.
func (d *Drive) write(lba, n uint64, out []byte) answer {
	size := uint64(d.s.Length)
	switch {
	case lba > d.s.Blocks || n > d.s.Blocks-lba:
		return d.refuse(outOfRange)
	case uint64(len(out)) < n*size:
		return d.refuse(listLength)
	}
	for i := lba; i < lba+n && d.s.Unwritten != nil; i++ {
		d.s.Unwritten[i/8] &^= 1 << (i % 8)
	}
	if d.s.Config.Faults.CacheLies && len(d.cache) < cacheMost {
		for i := range n {
			d.cache[lba+i] = bytes.Clone(out[i*size : (i+1)*size])
		}
		return answer{}
	}
	for i := range n {
		delete(d.cache, lba+i)
	}
	if _, err := d.store.WriteAt(out[:n*size], int64(lba*size)); err != nil {
		return d.refuse(Sense{3, 0x0c, 0})
	}
	return answer{}
}

// oldSpare is the old data of n spare blocks.
func oldSpare(n, length int) []byte {
	b := make([]byte, n*length)
	for i := range n {
		copy(b[i*length:], bytes.Repeat([]byte("OLD DATA IN A SPARE BLOCK. "), length/27+1)[:length])
	}
	return b
}
