package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class QuickExitTest {
  /** A JVM whose other shutdown hook does not end. */
  static final class Slow {
    public static void main(String[] args) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        while (true) {
          Thread.onSpinWait();
        }
      }));
      if (args.length > 0) {
        QuickExit.install();
      }
      System.exit(0);
    }
  }

  private static Process start(String... args) throws Exception {
    ProcessBuilder java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
        System.getProperty("java.class.path"), Slow.class.getName());
    java.command().addAll(List.of(args));
    return java.inheritIO().start();
  }

  @Test
  void endsAJvmWithoutItsOtherHooks() throws Exception {
    Process slow = start();
    Process quick = start("quick");
    try {
      assertTrue(quick.waitFor(30, TimeUnit.SECONDS));
      assertEquals(1, quick.exitValue());
      assertTrue(slow.isAlive(), "without it, the JVM waits for its hooks");
    } finally {
      slow.destroyForcibly();
      quick.destroyForcibly();
    }
  }
}
