package boottest

import (
	"context"
	"fmt"
)

// Press presses keys of the keyboard one after the other, by QEMU's names of them
// (QKeyCode): what they mean is the guest's to say.
func (vm *VM) Press(ctx context.Context, keys ...string) error {
	for _, k := range keys {
		err := vm.qmp.execute(ctx, "send-key", map[string]any{
			"keys": []map[string]string{{"type": "qcode", "data": k}}, "hold-time": 50})
		if err != nil {
			return fmt.Errorf("press %s: %w", k, err)
		}
	}
	return nil
}

// Screen writes what the graphics card shows into a file, as PNG. The machine needs
// one: Config.Extra with "-device VGA".
func (vm *VM) Screen(ctx context.Context, file string) error {
	err := vm.qmp.execute(ctx, "screendump", map[string]string{"filename": file, "format": "png"})
	if err != nil {
		return fmt.Errorf("take picture of screen: %w", err)
	}
	return nil
}
