package dev.faultline.job;

import dev.faultline.postgres.SinkClaim;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.commons.pool2.ObjectPool;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.spark.SparkContext;
import org.apache.spark.network.shuffle.BlockStoreClient;
import org.apache.spark.sql.kafka010.KafkaSourceProvider;
import org.codehaus.commons.compiler.ICookable;

/**
 * Packages whose classes a start loads, but that cannot run in {@link ClassTraining}: the clients of Kafka and PostgreSQL, the
 * sink, and an executor of a cluster. A class too many costs some bytes in a file that is mapped; a class too few is parsed at each start.
 */
final class NamedClasses {
  /** A class of the jar → the packages, with those below them. */
  private static final Map<Class<?>, List<String>> PACKAGES = Map.of(
      PipelineJob.class, List.of("dev/faultline/job/"),
      SinkClaim.class, List.of("dev/faultline/postgres/"),
      org.postgresql.Driver.class, List.of("org/postgresql/"),
      KafkaSourceProvider.class, List.of("org/apache/spark/sql/kafka010/"),
      SparkContext.class, List.of("org/apache/spark/deploy/client/", "org/apache/spark/deploy/worker/", "org/apache/spark/deploy/SparkSubmit",
          "org/apache/spark/executor/", "org/apache/spark/scheduler/", "org/apache/spark/shuffle/", "org/apache/spark/storage/"),
      BlockStoreClient.class, List.of("org/apache/spark/network/shuffle/"),
      ObjectPool.class, List.of("org/apache/commons/pool2/impl/"),
      ICookable.class, List.of("org/codehaus/commons/compiler/util/"),
      KafkaConsumer.class, List.of("org/apache/kafka/clients/admin/", "org/apache/kafka/clients/consumer/", "org/apache/kafka/common/"));

  private NamedClasses() {
  }

  /** @return how many classes */
  static int load() throws IOException, URISyntaxException {
    int loaded = 0;
    for (Map.Entry<Class<?>, List<String>> of : PACKAGES.entrySet()) {
      File place = new File(of.getKey().getProtectionDomain().getCodeSource().getLocation().toURI());
      try (JarFile jar = new JarFile(place)) {
        for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
          String name = entry.getName();
          if (name.endsWith(".class") && of.getValue().stream().anyMatch(name::startsWith) && load(name)) {
            loaded++;
          }
        }
      }
    }
    return loaded;
  }

  private static boolean load(String entry) {
    try {
      Class.forName(entry.substring(0, entry.length() - ".class".length()).replace('/', '.'), false, NamedClasses.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      // It needs a library that is not here, so no start loads it either.
      return false;
    }
  }
}
