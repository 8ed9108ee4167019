package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

class JobArgumentsTest {
  private static JobArguments parse(String line) {
    return JobArguments.parse(line.split(" "));
  }

  private static void refuses(String message, String line) {
    assertEquals(message, assertThrows(UsageException.class, () -> parse(line)).getMessage());
  }

  @Test
  void takesDefaults() {
    JobArguments arguments = parse("--pipeline p.yaml --brokers a:1,b:2");
    assertTrue(arguments.realTime());
    assertTrue(arguments.aggregates());
    assertFalse(arguments.stopAtLatest());
    assertFalse(arguments.kafkaDefaults());
    assertEquals(5_000, arguments.chunkRows());
    assertEquals(300_000, arguments.epochMs());
    assertFalse(arguments.standby());
    assertEquals("driver", arguments.driverName());
    JobArguments second = parse("--standby --pipeline p.yaml --brokers a:1 --driver-name driver-2 --home-workers w1,w-2.x");
    assertTrue(second.standby());
    assertEquals("driver-2", second.driverName());
    assertEquals(Set.of("w1", "w-2.x"), second.home().names());
    assertEquals(Set.of(), arguments.home().names());
  }

  @Test
  void takesSwitches() {
    JobArguments arguments = parse("--kafka-defaults --pipeline p.yaml --no-aggregates --brokers a:1");
    assertTrue(arguments.kafkaDefaults());
    assertFalse(arguments.aggregates());
    assertFalse(arguments.stopAtLatest());
    assertTrue(arguments.synchronousCommit());
    assertFalse(parse("--pipeline p.yaml --no-synchronous-commit --brokers a:1").synchronousCommit());
  }

  @Test
  void refusesInOneLine() {
    refuses("unknown flag: --frob (see --help)", "--frob 1");
    refuses("--pipeline is missing (see --help)", "--brokers a:1");
    refuses("--brokers must be HOST:PORT,... not a", "--pipeline p --brokers a");
    refuses("--topic needs a value", "--pipeline p --brokers a:1 --topic");
    refuses("--topic is given more than once", "--pipeline p --brokers a:1 --topic t --topic t");
    refuses("--trigger must be realtime or micro-batch, not once", "--pipeline p --brokers a:1 --trigger once");
    refuses("--epoch-ms must be a whole number from 5000 to 86400000, not 10", "--pipeline p --brokers a:1 --epoch-ms 10");
    refuses("--stop-at-latest is not for --standby: a job that may wait forever can't stop at an offset", "--pipeline p --brokers a:1 --standby --stop-at-latest");
    refuses("--driver-name must be 1 to 63 letters, digits, '.', '_' or '-', not a/b", "--pipeline p --brokers a:1 --driver-name a/b");
    refuses("--home-workers must be names of workers with commas between them, not a,,b", "--pipeline p --brokers a:1 --home-workers a,,b");
    refuses("--max-offsets-per-batch is for --trigger micro-batch only", "--pipeline p --brokers a:1 --max-offsets-per-batch 10");
  }
}
