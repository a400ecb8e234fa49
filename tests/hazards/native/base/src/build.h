#pragma once

const char *label();
int version();
const char *name();
