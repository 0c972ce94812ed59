// SPDX-License-Identifier: MIT
/* PCI configuration space: docs/registers.md, "PCI". */
#include "vfu.h"

#include <linux/pci_regs.h>

#define CAP_EXPRESS  0x40
#define CAP_MSIX     0x80
#define CAP_PM	     0x90
#define PBA_OFFSET   0x800u
#define REVISION     1
#define DEVCTL_RESET \
	(PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ_512B)

struct field {
	u16 offset;
	u8 size;
	u32 value;    /* at reset */
	u32 writable; /* bits */
};

static const struct field fields[] = {
	{ PCI_VENDOR_ID, 2, PSX_PCI_VENDOR, 0 },
	{ PCI_DEVICE_ID, 2, PSX_PCI_DEVICE, 0 },
	{ PCI_COMMAND, 2, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
			     PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE },
	{ PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0 },
	{ PCI_CLASS_REVISION, 4, PSX_PCI_CLASS << 8 | REVISION, 0 },
	{ PCI_CACHE_LINE_SIZE, 1, 0, 0xff },
	{ PCI_BASE_ADDRESS_0, 4, 0, ~(PSX_REG_SPACE - 1u) },
	{ PCI_BASE_ADDRESS_2, 4, 0, ~(PSX_PCI_MSIX_SPACE - 1u) },
	{ PCI_SUBSYSTEM_VENDOR_ID, 2, PSX_PCI_VENDOR, 0 },
	{ PCI_SUBSYSTEM_ID, 2, PSX_PCI_DEVICE, 0 },
	{ PCI_CAPABILITY_LIST, 1, CAP_EXPRESS, 0 },
	{ PCI_INTERRUPT_LINE, 1, 0, 0xff },

	{ CAP_EXPRESS, 2, PCI_CAP_ID_EXP | CAP_MSIX << 8, 0 },
	{ CAP_EXPRESS + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_ENDPOINT << 4, 0 },
	{ CAP_EXPRESS + PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0 },
	{ CAP_EXPRESS + PCI_EXP_DEVCTL, 2, DEVCTL_RESET,
	  0xffff & ~(PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_PHANTOM | PCI_EXP_DEVCTL_AUX_PME |
		     PCI_EXP_DEVCTL_EXT_TAG) },
	{ CAP_EXPRESS + PCI_EXP_LNKCAP, 4, PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4, 0 },
	{ CAP_EXPRESS + PCI_EXP_LNKCTL, 2, 0,
	  PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES },
	{ CAP_EXPRESS + PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1, 0 },
	{ CAP_EXPRESS + PCI_EXP_LNKCAP2, 4, PCI_EXP_LNKCAP2_SLS_2_5GB, 0 },

	/* One vector; QEMU keeps the table, so nothing is stored behind BAR 2 */
	{ CAP_MSIX, 2, PCI_CAP_ID_MSIX | CAP_PM << 8, 0 },
	{ CAP_MSIX + PCI_MSIX_FLAGS, 2, 0, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL },
	{ CAP_MSIX + PCI_MSIX_TABLE, 4, PSX_PCI_BAR_MSIX, 0 },
	{ CAP_MSIX + PCI_MSIX_PBA, 4, PBA_OFFSET | PSX_PCI_BAR_MSIX, 0 },

	/* D0 and D3hot, which keeps the state */
	{ CAP_PM, 2, PCI_CAP_ID_PM, 0 },
	{ CAP_PM + PCI_PM_PMC, 2, 3, 0 },
	{ CAP_PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET, PCI_PM_CTRL_STATE_MASK },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static u32 get(const struct vfu_config *config, u32 offset)
{
	return config->bytes[offset] | (u32)config->bytes[offset + 1] << 8;
}

void vfu_config_reset(struct vfu_config *config)
{
	size_t i;
	u32 byte;

	memset(config, 0, sizeof(*config));
	for (i = 0; i < FIELDS; i++)
		for (byte = 0; byte < fields[i].size; byte++)
			config->bytes[fields[i].offset + byte] = (u8)(fields[i].value >> 8 * byte);
}

void vfu_config_read(const struct vfu_config *config, u32 offset, u8 *data, u32 count)
{
	memcpy(data, config->bytes + offset, count);
}

static u8 writable(u32 offset)
{
	size_t i;

	for (i = 0; i < FIELDS; i++)
		if (offset >= fields[i].offset && offset - fields[i].offset < fields[i].size)
			return (u8)(fields[i].writable >> 8 * (offset - fields[i].offset));
	return 0;
}

bool vfu_config_write(struct vfu_config *config, u32 offset, const u8 *data, u32 count)
{
	const u32 flr = CAP_EXPRESS + PCI_EXP_DEVCTL + 1; /* byte of the bit */
	u8 *power = &config->bytes[CAP_PM + PCI_PM_CTRL];
	u8 power_before = *power;
	u32 i;

	for (i = 0; i < count; i++) {
		u8 mask = writable(offset + i);
		u8 *byte = &config->bytes[offset + i];

		*byte = (u8)((*byte & ~mask) | (data[i] & mask));
	}
	/* D1 and D2 are not there: such a write changes nothing */
	if ((*power & PCI_PM_CTRL_STATE_MASK) == 1 || (*power & PCI_PM_CTRL_STATE_MASK) == 2)
		*power = power_before;
	return offset <= flr && flr - offset < count &&
	       data[flr - offset] & PCI_EXP_DEVCTL_BCR_FLR >> 8;
}

bool vfu_config_master(const struct vfu_config *config)
{
	return get(config, PCI_COMMAND) & PCI_COMMAND_MASTER;
}

bool vfu_config_awake(const struct vfu_config *config)
{
	return !(get(config, CAP_PM + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK);
}
