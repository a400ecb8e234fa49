#define COLORS \
    COLOR(Red, "red") \
    COLOR(Green, "green")
