/* Images on their way in and out. */
#pragma once

#include "cli/command.h"

extern const Command command_image_copy, command_image_export, command_image_import;
