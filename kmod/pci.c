// SPDX-License-Identifier: GPL-2.0
/* Detectors on PCI: registers in BAR 0, one MSI-X vector, DMA. */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/pci.h>

#include "front.h"
#include "psxdet.h"

#define BAR	0

struct psx_pci {
	struct pci_dev *pdev;
	void __iomem *regs;
	bool lost;			/* its state, in a sleep; of PM callbacks alone */
	struct psx_device *psx;		/* an error where a reset was not survived */
	void (*handler)(void *arg);	/* constant while the interrupt is requested */
	void *arg;
};

static u32 pci_hw_read(void *hw, u32 reg)
{
	struct psx_pci *pci = hw;

	return readl(pci->regs + reg);
}

static void pci_hw_write(void *hw, u32 reg, u32 value)
{
	struct psx_pci *pci = hw;

	writel(value, pci->regs + reg);
}

static void *pci_hw_alloc_coherent(void *hw, size_t bytes, u64 *address)
{
	struct psx_pci *pci = hw;
	dma_addr_t dma;
	void *memory = dma_alloc_coherent(&pci->pdev->dev, bytes, &dma, GFP_KERNEL);

	if (memory)
		*address = dma;
	return memory;
}

static void pci_hw_free_coherent(void *hw, size_t bytes, void *memory, u64 address)
{
	struct psx_pci *pci = hw;

	dma_free_coherent(&pci->pdev->dev, bytes, memory, address);
}

static size_t pci_hw_max_map(void *hw)
{
	struct psx_pci *pci = hw;

	return dma_max_mapping_size(&pci->pdev->dev);
}

static int pci_hw_map(void *hw, struct page *page, size_t bytes, u64 *address)
{
	struct psx_pci *pci = hw;
	struct device *dev = &pci->pdev->dev;
	dma_addr_t dma = dma_map_page(dev, page, 0, bytes, DMA_FROM_DEVICE);

	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	*address = dma;
	return 0;
}

static void pci_hw_unmap(void *hw, size_t bytes, u64 address)
{
	struct psx_pci *pci = hw;

	dma_unmap_page(&pci->pdev->dev, address, bytes, DMA_FROM_DEVICE);
}

static void pci_hw_sync_for_cpu(void *hw, u64 address, size_t bytes)
{
	struct psx_pci *pci = hw;

	dma_sync_single_for_cpu(&pci->pdev->dev, address, bytes, DMA_FROM_DEVICE);
}

static void pci_hw_sync_for_device(void *hw, u64 address, size_t bytes)
{
	struct psx_pci *pci = hw;

	dma_sync_single_for_device(&pci->pdev->dev, address, bytes, DMA_FROM_DEVICE);
}

static irqreturn_t pci_irq(int irq, void *arg)
{
	struct psx_pci *pci = arg;

	pci->handler(pci->arg);
	return IRQ_HANDLED;
}

static int pci_hw_request_irq(void *hw, void (*handler)(void *arg), void *arg)
{
	struct psx_pci *pci = hw;

	pci->handler = handler;
	pci->arg = arg;
	return request_threaded_irq(pci_irq_vector(pci->pdev, 0), NULL, pci_irq, IRQF_ONESHOT,
				    "psxdet", pci);
}

static void pci_hw_free_irq(void *hw)
{
	struct psx_pci *pci = hw;

	free_irq(pci_irq_vector(pci->pdev, 0), pci);
}

static void pci_hw_quiesce(void *hw)
{
	struct psx_pci *pci = hw;

	pci_clear_master(pci->pdev);
}

static const struct psx_hw_ops pci_hw_ops = {
	.read = pci_hw_read,
	.write = pci_hw_write,
	.alloc_coherent = pci_hw_alloc_coherent,
	.free_coherent = pci_hw_free_coherent,
	.max_map = pci_hw_max_map,
	.map = pci_hw_map,
	.unmap = pci_hw_unmap,
	.sync_for_cpu = pci_hw_sync_for_cpu,
	.sync_for_device = pci_hw_sync_for_device,
	.request_irq = pci_hw_request_irq,
	.free_irq = pci_hw_free_irq,
	.quiesce = pci_hw_quiesce,
};

static int psx_pci_enable(struct psx_pci *pci)
{
	struct pci_dev *pdev = pci->pdev;
	struct device *dev = &pdev->dev;
	int error;

	error = pcim_enable_device(pdev);
	if (error)
		return dev_err_probe(dev, error, "cannot enable the device\n");
	if (!(pci_resource_flags(pdev, BAR) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, BAR) < PSX_REG_SPACE)
		return dev_err_probe(dev, -ENODEV, "BAR %u is not the registers\n", BAR);
	pci->regs = pcim_iomap(pdev, BAR, 0);
	if (!pci->regs)
		return dev_err_probe(dev, -ENOMEM, "cannot map BAR %u\n", BAR);
	error = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (error)
		return dev_err_probe(dev, error, "no suitable DMA\n");
	return 0;
}

static int psx_pci_bind(struct psx_pci *pci)
{
	struct pci_dev *pdev = pci->pdev;

	/* An earlier kernel's ring must not be written to by what still runs */
	pci_hw_write(pci, PSX_REG_CTRL, PSX_CTRL_RESET);
	pci_hw_read(pci, PSX_REG_ID);
	pci_set_master(pdev);
	pci->psx = psx_device_create(&pdev->dev, &pci_hw_ops, pci);
	if (!IS_ERR(pci->psx))
		return 0;
	pci_clear_master(pdev);
	return PTR_ERR(pci->psx);
}

static void psx_pci_unbind(struct psx_pci *pci)
{
	if (!IS_ERR(pci->psx))
		psx_device_destroy(pci->psx);
}

static int psx_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct psx_pci *pci = devm_kzalloc(&pdev->dev, sizeof(*pci), GFP_KERNEL);
	int error;

	if (!pci)
		return -ENOMEM;
	pci->pdev = pdev;
	pci_set_drvdata(pdev, pci);
	error = psx_pci_enable(pci);
	if (error)
		return error;
	error = pci_request_region(pdev, BAR, "psxdet");
	if (error)
		return dev_err_probe(&pdev->dev, error, "somebody has BAR %u\n", BAR);
	error = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSIX);
	if (error < 0) {
		dev_err_probe(&pdev->dev, error, "no MSI-X vector\n");
		goto release;
	}
	error = psx_pci_bind(pci);
	if (error)
		goto free_vectors;
	return 0;

free_vectors:
	pci_free_irq_vectors(pdev);
release:
	pci_release_region(pdev, BAR);
	return error;
}

static void psx_pci_remove(struct pci_dev *pdev)
{
	psx_pci_unbind(pci_get_drvdata(pdev));
	pci_free_irq_vectors(pdev);
	pci_release_region(pdev, BAR);
}

static void psx_pci_shutdown(struct pci_dev *pdev)
{
	struct psx_pci *pci = pci_get_drvdata(pdev);

	if (!IS_ERR(pci->psx))
		psx_device_shutdown(pci->psx);
}

static int psx_pci_suspend(struct device *dev)
{
	struct psx_pci *pci = dev_get_drvdata(dev);

	return IS_ERR(pci->psx) ? 0 : psx_device_suspend(pci->psx);
}

static int psx_pci_resume(struct device *dev)
{
	struct psx_pci *pci = dev_get_drvdata(dev);

	pci->lost = !IS_ERR(pci->psx) && psx_device_resume(pci->psx);
	return 0;
}

/* What had no power meanwhile comes back as a new detector, when all is awake */
static void psx_pci_complete(struct device *dev)
{
	struct psx_pci *pci = dev_get_drvdata(dev);

	if (!pci->lost)
		return;
	pci->lost = false;
	psx_pci_unbind(pci);
	if (psx_pci_bind(pci))
		dev_err(dev, "does not come back from its sleep\n");
}

static const struct dev_pm_ops psx_pci_pm = {
	SYSTEM_SLEEP_PM_OPS(psx_pci_suspend, psx_pci_resume)
	.complete = pm_sleep_ptr(psx_pci_complete),
};

/* Somebody resets the function: it goes, and comes back as a new detector */
static void psx_pci_reset_prepare(struct pci_dev *pdev)
{
	psx_pci_unbind(pci_get_drvdata(pdev));
}

static void psx_pci_reset_done(struct pci_dev *pdev)
{
	if (psx_pci_bind(pci_get_drvdata(pdev)))
		dev_err(&pdev->dev, "does not come back from its reset\n");
}

static const struct pci_error_handlers psx_pci_errors = {
	.reset_prepare = psx_pci_reset_prepare,
	.reset_done = psx_pci_reset_done,
};

static const struct pci_device_id psx_pci_ids[] = {
	{ PCI_DEVICE(PSX_PCI_VENDOR, PSX_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, psx_pci_ids);

static struct pci_driver psx_pci_driver = {
	.name = "psxdet",
	.id_table = psx_pci_ids,
	.probe = psx_pci_probe,
	.remove = psx_pci_remove,
	.shutdown = psx_pci_shutdown,
	.err_handler = &psx_pci_errors,
	.driver.pm = pm_sleep_ptr(&psx_pci_pm),
};

int psx_pci_register(void)
{
	return pci_register_driver(&psx_pci_driver);
}

void psx_pci_unregister(void)
{
	pci_unregister_driver(&psx_pci_driver);
}
