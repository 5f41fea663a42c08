package ata

// Security is the Security feature set as IDENTIFY DEVICE shows it (ACS-3
// §7.12.7.61, word 128).
type Security struct {
	Supported, Enabled, Locked, Frozen, Expired bool
	Enhanced                                    bool // enhanced erase supported
	Maximum                                     bool // master password capability "maximum"
	EraseMinutes, EnhancedMinutes               int64
	MasterID                                    uint16 // word 92
}

// Security decodes words 82, 89, 90, 92 and 128.
func (id Identify) Security() Security {
	return Security{
		Supported:       id.bit(128, 0) || id.commandSet(82, 1),
		Enabled:         id.bit(128, 1),
		Locked:          id.bit(128, 2),
		Frozen:          id.bit(128, 3),
		Expired:         id.bit(128, 4),
		Enhanced:        id.bit(128, 5),
		Maximum:         id.bit(128, 8),
		EraseMinutes:    eraseTime(id.Word[89]).Minutes,
		EnhancedMinutes: eraseTime(id.Word[90]).Minutes,
		MasterID:        id.Word[92],
	}
}

// Sanitize is the Sanitize Device feature set (word 59 bits 15:10).
type Sanitize struct {
	Supported, Crypto, Overwrite, Block bool
	AntiFreeze                          bool // SANITIZE ANTIFREEZE LOCK EXT supported
}

// Sanitize decodes word 59. The single techniques count only when the feature
// set itself is there.
func (id Identify) Sanitize() Sanitize {
	s := id.bit(59, 12)
	return Sanitize{
		Supported:  s,
		Crypto:     s && id.bit(59, 13),
		Overwrite:  s && id.bit(59, 14),
		Block:      s && id.bit(59, 15),
		AntiFreeze: s && id.bit(59, 10),
	}
}

// commandSet reads a support bit of words 82 and 83, which hold only while word
// 83 carries its mark (ACS-3 §7.12.7.37).
func (id Identify) commandSet(w, n int) bool { return id.marked(83) && id.bit(w, n) }

// HPA reports the Host Protected Area feature set (word 82 bit 10).
func (id Identify) HPA() bool { return id.commandSet(82, 10) }

// DCO reports the Device Configuration Overlay feature set (word 83 bit 11).
func (id Identify) DCO() bool { return id.commandSet(83, 11) }

// AMAX reports Accessible Max Address Configuration (word 119 bit 8, valid while
// word 86 bit 15 is set and word 119 carries its mark).
func (id Identify) AMAX() bool {
	return id.bit(86, 15) && id.marked(119) && id.bit(119, 8)
}

// TrustedComputing reports the Trusted Computing feature set (word 48 bit 0).
func (id Identify) TrustedComputing() bool { return id.marked(48) && id.bit(48, 0) }

// EncryptsAll reports that all user data is encrypted (word 69 bit 4).
func (id Identify) EncryptsAll() bool { return id.additional() && id.bit(69, 4) }

// Trim reports DATA SET MANAGEMENT TRIM (word 169 bit 0). Never an erase.
func (id Identify) Trim() bool { return id.bit(169, 0) }

// Zoned is word 69 bits 1:0 (ACS-4): 1 host aware, 2 device managed.
func (id Identify) Zoned() byte {
	if !id.additional() || !valid(id.Word[69]) {
		return 0
	}
	return byte(id.Word[69] & 3)
}
