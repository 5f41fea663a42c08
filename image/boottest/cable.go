package boottest

import (
	"context"
	"fmt"
)

// Cable plugs or pulls the network cable of Config.Network.
func (vm *VM) Cable(ctx context.Context, plugged bool) error {
	if err := vm.qmp.execute(ctx, "set_link", map[string]any{"name": "net0", "up": plugged}); err != nil {
		return fmt.Errorf("network cable: %w", err)
	}
	return nil
}
