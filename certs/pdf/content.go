package pdf

import (
	"errors"
	"fmt"
	"io"

	"lethe/certs/pdf/internal/object"
)

// maxContent bounds the drawing of one page, maxNest its saved states, maxArgs the
// operands of one operator.
const (
	maxContent = 4 << 20
	maxNest    = 8
	maxArgs    = 6
)

// operators are those the writer uses, each with the kinds of its operands: n a
// number, N a name, s a string. Nothing else draws: no image, no form, no inline
// data, no rendering mode that hides text.
var operators = map[object.Keyword]string{
	"J": "n", "j": "n", "w": "n", "G": "n", "g": "n", "RG": "nnn", "rg": "nnn",
	"re": "nnnn", "m": "nn", "l": "nn", "f": "", "q": "", "Q": "", "cm": "nnnnnn",
	"BT": "", "ET": "", "Td": "nn", "Tf": "Nn", "Tj": "s",
}

// content reads the drawing of one page and collects its text.
func (r *reader) content(data []byte) error {
	s := object.NewScanner(data, false)
	var args []any
	st := drawing{}
	for {
		v, err := s.Next()
		if errors.Is(err, io.EOF) {
			if len(args) > 0 || st.nest != 0 || st.text {
				return errors.New("content ends in the middle")
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("content: %w", err)
		}
		op, ok := v.(object.Keyword)
		if !ok {
			if args = append(args, v); len(args) > maxArgs {
				return errors.New("content: more operands than any operator takes")
			}
			continue
		}
		if kinds, ok := operators[op]; !ok || kinds != kindsOf(args) {
			return fmt.Errorf("content: operator %.20q with operands %q is not one this reader knows", op, kindsOf(args))
		}
		if err := r.operate(&st, op, args); err != nil {
			return fmt.Errorf("content: %s: %w", op, err)
		}
		args = args[:0]
	}
}

func kindsOf(args []any) string {
	kinds := make([]byte, 0, maxArgs)
	for _, a := range args {
		switch a.(type) {
		case object.Number:
			kinds = append(kinds, 'n')
		case object.Name:
			kinds = append(kinds, 'N')
		case object.String:
			kinds = append(kinds, 's')
		default:
			kinds = append(kinds, '?')
		}
	}
	return string(kinds)
}

// drawing is the state that decides whether text is legible to us.
type drawing struct {
	nest       int
	text, font bool
}

func (r *reader) operate(st *drawing, op object.Keyword, args []any) error {
	switch op {
	case "q":
		st.nest++
	case "Q":
		st.nest--
	case "BT", "ET":
		if st.text == (op == "BT") {
			return errors.New("text objects do not nest")
		}
		st.text = op == "BT"
	case "Tf":
		if st.font = r.fonts[args[0].(object.Name)]; !st.font {
			return errors.New("font is not in the resources")
		}
	case "Tj":
		if !st.text || !st.font {
			return errors.New("text without a font")
		}
		t, err := decode(args[0].(object.String))
		if err != nil {
			return err
		}
		r.out.Text = append(r.out.Text, t)
	}
	if st.nest < 0 || st.nest > maxNest {
		return errors.New("saved states do not match")
	}
	return nil
}

// decode reads the codes of a string: UTF-16, big-endian, one unit a character.
func decode(s object.String) (string, error) {
	if len(s) == 0 || len(s)%2 != 0 {
		return "", fmt.Errorf("text of %d bytes", len(s))
	}
	out := make([]rune, 0, len(s)/2)
	for i := 0; i < len(s); i += 2 {
		c := rune(s[i])<<8 | rune(s[i+1])
		if c < 0x20 || c >= 0xd800 && c < 0xe000 {
			return "", fmt.Errorf("text has code %04X", c)
		}
		out = append(out, c)
	}
	return string(out), nil
}
