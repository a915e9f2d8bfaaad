import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Streams through a zip with ZipInputStream, which never looks at the directory, and prints one line per entry: name,
 * size, CRC-32 in hexadecimal. The stream itself compares each CRC and size with the data descriptor.
 *
 * <p>usage: java CheckZip.java FILE
 */
public class CheckZip {
    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        byte[] buffer = new byte[1 << 16];
        try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(new FileInputStream(arguments[0])))) {
            for (ZipEntry entry; (entry = zip.getNextEntry()) != null; ) {
                CRC32 crc = new CRC32();
                long size = 0;
                for (int count; (count = zip.read(buffer)) != -1; size += count) {
                    crc.update(buffer, 0, count);
                }
                out.printf("%s %d %08x%n", entry.getName(), size, crc.getValue());
            }
        }
        out.flush();
    }
}
