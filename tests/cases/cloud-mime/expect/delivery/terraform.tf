# Attributes of `aws_instance` for app1; use them as `local.cotter_app1.<attribute>`. Written by cotter.
locals {
  cotter_app1 = {
    user_data_base64 = filebase64("${path.module}/user-data")
  }
}
