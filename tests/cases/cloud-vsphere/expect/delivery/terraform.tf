# Attributes of `vsphere_virtual_machine` for vm1; use them as `local.cotter_vm1.<attribute>`. Written by cotter.
locals {
  cotter_vm1 = {
    extra_config = {
      "guestinfo.userdata" = file("${path.module}/guestinfo.userdata")
      "guestinfo.userdata.encoding" = "base64"
      "guestinfo.metadata" = file("${path.module}/guestinfo.metadata")
      "guestinfo.metadata.encoding" = "base64"
    }
  }
}
