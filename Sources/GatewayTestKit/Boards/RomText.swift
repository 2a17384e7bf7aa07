/// What the boot ROM of an ESP32-S3 prints before the firmware has its say.
enum RomText {
    static let esp32s3 = """
        ESP-ROM:esp32s3-20210327\r
        Build:Mar 27 2021\r
        rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\r
        SPIWP:0xee\r
        mode:DIO, clock div:1\r
        load:0x3fce3820,len:0x116c\r
        load:0x403c8700,len:0xc34\r
        entry 0x403c88b8\r

        """
}
