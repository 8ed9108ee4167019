package dev.faultline.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.kafka010.KafkaMicroBatchStream;
import org.junit.jupiter.api.Test;

/** Holds the stream to Spark's own: what a new Spark adds there must be passed on here. */
class ResumingStreamTest {
  private static Set<Class<?>> connectorInterfaces(Class<?> type) {
    return Arrays.stream(type.getInterfaces()).filter(one -> one.getName().startsWith("org.apache.spark.sql.connector")).collect(Collectors.toSet());
  }

  private static boolean hasOwn(Class<?> type, Method method) {
    try {
      Method own = type.getMethod(method.getName(), method.getParameterTypes());
      return own.getDeclaringClass() == type;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  @Test
  void offersWhatSparksStreamOffers() {
    assertEquals(connectorInterfaces(KafkaMicroBatchStream.class), connectorInterfaces(ResumingStream.class));
  }

  @Test
  void passesOnEachMethodThatSparksStreamHas() {
    List<String> missing = connectorInterfaces(KafkaMicroBatchStream.class).stream()
        .flatMap(one -> Arrays.stream(one.getMethods()))
        .filter(method -> !Modifier.isStatic(method.getModifiers()))
        .filter(method -> hasOwn(KafkaMicroBatchStream.class, method) && !hasOwn(ResumingStream.class, method))
        .map(Method::toGenericString).distinct().toList();
    assertEquals(List.of(), missing);
  }
}
