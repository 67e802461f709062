import { describe, expect, it, vi } from "vitest";
import { hearing } from "../src/shared/hearing";

/** A model of ipywidgets under one of anywidget's, which lets messages through or not. */
function model(lets: boolean) {
  class Own {
    readonly heard: unknown[] = [];
    listener: (message: unknown) => unknown = (message) => this._handle_comm_msg(message);
    readonly comm = {
      on_msg: (hear: Own["listener"]) => {
        this.listener = hear;
      },
      send: vi.fn(),
    };
    async _handle_comm_msg(message: unknown): Promise<void> {
      this.heard.push(message);
    }
  }
  class Any extends Own {
    override async _handle_comm_msg(message: unknown): Promise<void> {
      if (!lets) throw new Error("too late");
      return super._handle_comm_msg(message);
    }
  }
  return new Any();
}

const managerOf = (whole: unknown) => ({ get_model: async () => whole }) as Parameters<typeof hearing>[0];

describe("a model", () => {
  it("that anywidget lets hear is left as it is", async () => {
    const whole = model(true);
    const before = whole.listener;
    await hearing(managerOf(whole), "a");
    expect(whole.listener).toBe(before);
    expect(whole.comm.send).not.toHaveBeenCalled();
  });

  it("that came too late hears what is said from now on, and asks for what it missed", async () => {
    const whole = model(false);
    await hearing(managerOf(whole), "a");
    expect(whole.comm.send).toHaveBeenCalledWith({ method: "request_state" });
    await whole.listener("a word");
    expect(whole.heard).toEqual(["a word"]);
  });

  it("of a host that is no Jupyter is none of its matters", async () => {
    await hearing(managerOf({}), "a");
    await hearing({ get_model: () => Promise.reject(new Error("none")) }, "a");
    await hearing(undefined, "a"); // a page without a kernel
  });
});
