package dev.faultline.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A TCP proxy in front of PostgreSQL that breaks one connection at a chosen moment, once. */
final class CuttingProxy implements AutoCloseable {
  /** The moment: before the server sees the statement, or after it and before the client sees the answer. */
  enum Cut { BEFORE, AFTER }

  private final ServerSocket listener;
  private final byte[] trigger;
  private final Cut cut;
  private boolean isCut;

  CuttingProxy(String trigger, Cut cut) throws IOException {
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.trigger = trigger.getBytes(StandardCharsets.US_ASCII);
    this.cut = cut;
    daemon(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  synchronized boolean hasCut() {
    return isCut;
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), Database.port());
        Link link = new Link(client, server);
        daemon(() -> link.pump(true));
        daemon(() -> link.pump(false));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private synchronized boolean isTrigger(byte[] bytes, int length) {
    if (isCut) {
      return false;
    }
    for (int at = 0; at + trigger.length <= length; at++) {
      int i = 0;
      while (i < trigger.length && bytes[at + i] == trigger[i]) {
        i++;
      }
      if (i == trigger.length) {
        isCut = true;
        return true;
      }
    }
    return false;
  }

  private final class Link {
    private final Socket client;
    private final Socket server;
    private volatile boolean swallowAnswer;

    Link(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void pump(boolean toServer) {
      byte[] bytes = new byte[1 << 16];
      try {
        InputStream in = (toServer ? client : server).getInputStream();
        OutputStream out = (toServer ? server : client).getOutputStream();
        for (int length; (length = in.read(bytes)) >= 0;) {
          if (toServer && isTrigger(bytes, length)) {
            if (cut == Cut.BEFORE) {
              break;
            }
            swallowAnswer = true;
          }
          if (!toServer && swallowAnswer) {
            break;
          }
          out.write(bytes, 0, length);
        }
      } catch (IOException e) {
        // one side is gone, so is the other
      }
      close(client);
      close(server);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // closed is closed
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
