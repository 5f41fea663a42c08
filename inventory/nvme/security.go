package nvme

import "fmt"

// SecuritySendCommand is Security Send (81h, Base Specification figure 309) of a
// security protocol; specific is the protocol's own field, for TCG the ComID.
func SecuritySendCommand(protocol byte, specific uint16, data []byte) *Command {
	return &Command{Name: fmt.Sprintf("SECURITY SEND %02Xh", protocol), Opcode: 0x81,
		CDW10: security(protocol, specific), CDW11: uint32(len(data)), Dir: ToDevice, Data: data}
}

// SecurityReceiveCommand is Security Receive (82h, figure 307) of n bytes at most.
func SecurityReceiveCommand(protocol byte, specific uint16, n int) *Command {
	return &Command{Name: fmt.Sprintf("SECURITY RECEIVE %02Xh", protocol), Opcode: 0x82,
		CDW10: security(protocol, specific), CDW11: uint32(n), Dir: FromDevice, Data: make([]byte, n)}
}

func security(protocol byte, specific uint16) uint32 {
	return uint32(protocol)<<24 | uint32(specific)<<8
}

// featureSanitize is the feature Sanitize Config.
const featureSanitize = 0x17

// SanitizeConfigCommand is Get Features (0Ah) of Sanitize Config, its current value.
// Bit 0 of the answer's dword 0, NODRM, says what becomes of NDAS where SANICAP.NDI is
// set: 1, it is ignored with a warning in SSTAT; 0, the command is refused.
func SanitizeConfigCommand() *Command {
	return &Command{Name: "GET FEATURES 17h", Opcode: 0x0a, CDW10: featureSanitize}
}

// SetSanitizeConfigCommand is Set Features (09h) of Sanitize Config, until the next reset.
func SetSanitizeConfigCommand(nodrm bool) *Command {
	return &Command{Name: "SET FEATURES 17h", Opcode: 0x09, CDW10: featureSanitize, CDW11: bit(nodrm, 0)}
}
