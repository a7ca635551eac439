/* What the pages with phones have in common: they keep what their sockets and their peer connections say. */
"use strict";

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const said = [], peers = [];

window.WebSocket = class extends WebSocket {
  constructor(...words) {
    super(...words);
    this.addEventListener("message", ({data}) => said.push({way: "received", text: String(data)}));
  }
  send(data) {
    said.push({way: "sent", text: String(data)});
    super.send(data);
  }
};

window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...words) {
    super(...words);
    peers.push(this);
  }
};

async function statistics() {
  const found = [];
  for (const peer of peers.filter(({signalingState}) => signalingState !== "closed")) {
    (await peer.getStats()).forEach((each) => found.push(each));
  }
  return found;
}

function until(condition, seconds = 15) {
  return new Promise((done, failed) => {
    const end = Date.now() + 1000 * seconds;
    const look = () => {
      if (condition()) {
        done();
      } else if (Date.now() > end) {
        failed(new Error(`waited in vain for ${condition}`));
      } else {
        setTimeout(look, 100);
      }
    };
    look();
  });
}

function audible(id) {
  const element = document.createElement("audio");
  Object.assign(element, {id, autoplay: true});
  document.body.append(element);
  return element;
}

function run(session) {
  const tell = (value) => fetch("/stats", {method: "POST", body: JSON.stringify({said, ...value})});
  addEventListener("load", () => session().then((stats) => tell({stats}), (error) => tell({stats: [], error: `${error}`})));
}
