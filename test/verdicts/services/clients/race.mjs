/** Promise.race against a timer: who asked is told in time, and the call runs on. { ms } */
export function race(_name, { ms }, call) {
  return (what) => {
    let timer;
    const late = new Promise((_resolve, reject) => (timer = setTimeout(() => reject(new Error("too late")), ms)));
    return Promise.race([call(what), late]).finally(() => clearTimeout(timer));
  };
}
