// Contrast is 4.5 to 1 and better in both schemes; nothing is told by hue alone.
#include "app/audit_style.h"

namespace twolane::app {

std::string_view audit_style() {
  return R"css(
:root{color-scheme:light dark;--ground:#fff;--raised:#f5f6f8;--ink:#16191d;--soft:#555d68;--line:#d5d9df;
--interactive:#2b5fa8;--hours:#1d7a4b;--minutes:#0f7480;--batched:#6b7280;--unknown:#a86a12;--unknown-line:#d9a558;
--step:#1d7a4b;--total:#3d4653;--heat:29,122,75;--warm:168,106,18;--on:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--raised:#1d2127;--ink:#e8ebef;--soft:#a7b0bc;--line:#363d47;
--interactive:#7fb0f2;--hours:#5fc78f;--minutes:#5cc3cf;--batched:#a3abb8;--unknown:#e0aa56;--unknown-line:#8a6018;
--step:#5fc78f;--total:#9aa5b4;--heat:95,199,143;--warm:224,170,86;--on:#101316}}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px 20px 60px;max-width:980px;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.25;margin:0 0 6px}h2{font-size:19px;margin:40px 0 8px;padding-top:12px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:14px 0 4px}p{margin:6px 0;max-width:74ch}.soft{color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:10px;margin:18px 0 4px}
.figures div{background:var(--raised);border-radius:6px;padding:10px 12px}.figures b{display:block;font-size:20px;line-height:1.35}
.figures span{color:var(--soft);font-size:14px}
svg{display:block;width:100%;height:auto;margin:10px 0}
.plane.interactive{fill:var(--interactive)}.plane.hours{fill:var(--hours)}.plane.minutes{fill:var(--minutes)}
.plane.batched{fill:var(--batched)}.plane.unknown{fill:url(#hatch)}.hatch-ground{fill:var(--unknown)}.hatch-line{fill:var(--unknown-line)}
.on-interactive,.on-hours,.on-minutes,.on-batched,.on-unknown{font-size:16px;font-weight:600;fill:var(--on)}
.on-unknown{paint-order:stroke;stroke:var(--unknown);stroke-width:5px}
.bars td,.bars th{vertical-align:middle}.bars .track{width:56%}.track i{display:block;height:15px;min-width:1px;border-radius:1px}
.step{background:var(--step)}.total{background:var(--total)}
table{border-collapse:collapse;width:100%;font-size:14.5px;margin:8px 0}
th,td{text-align:left;padding:4px 8px;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.sum td{font-weight:600;border-bottom:0}
.key{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:7px;vertical-align:-1px}
.key.interactive{background:var(--interactive)}.key.hours{background:var(--hours)}.key.minutes{background:var(--minutes)}
.key.batched{background:var(--batched)}
.key.unknown{background:repeating-linear-gradient(45deg,var(--unknown) 0 4px,var(--unknown-line) 4px 6px)}
.week{font-size:12.5px;table-layout:fixed}.week td,.week th{padding:2px 3px;text-align:right;border:1px solid var(--ground);
font-variant-numeric:tabular-nums;overflow-wrap:normal}
.week .l1{background:rgba(var(--warm),.12)}.week .l2{background:rgba(var(--warm),.24)}.week .l3{background:rgba(var(--warm),.36)}
.week .l4{background:rgba(var(--warm),.46)}.week .l5{background:rgba(var(--warm),.56)}
.week .w{text-decoration:underline;text-underline-offset:2px}
.week .l1.w{background:rgba(var(--heat),.14)}.week .l2.w{background:rgba(var(--heat),.26)}.week .l3.w{background:rgba(var(--heat),.36)}
.week .l4.w{background:rgba(var(--heat),.44)}.week .l5.w{background:rgba(var(--heat),.52)}
details{border:1px solid var(--line);border-radius:6px;margin:8px 0;background:var(--raised)}
summary{cursor:pointer;padding:9px 12px;display:grid;grid-template-columns:1fr auto;gap:2px 14px;list-style-position:inside}
summary .who{font-weight:600}summary .amount{font-weight:600;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
summary .rest{color:var(--soft);font-size:14px;grid-column:1/-1}
summary::before{content:"+";position:absolute;left:10px;top:9px;color:var(--soft)}details[open]>summary::before{content:"\2212"}
summary::-webkit-details-marker{display:none}summary{list-style:none;padding-left:28px;position:relative}
.inside{padding:2px 14px 12px 24px;border-top:1px solid var(--line);background:var(--ground);border-radius:0 0 6px 6px}
pre{background:var(--raised);border:1px solid var(--line);border-radius:5px;padding:9px 11px;margin:6px 0;overflow-x:auto;
font:13.5px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,monospace;white-space:pre-wrap}
code{font:13.5px ui-monospace,"DejaVu Sans Mono",Menlo,monospace}
ul{margin:4px 0;padding-left:20px}li{margin:2px 0}
.db{white-space:nowrap;text-align:right;font-variant-numeric:tabular-nums}
.note{border-left:3px solid var(--unknown);padding:2px 0 2px 12px;margin:10px 0}
@media (max-width:560px){body{padding:16px 14px 40px;font-size:15.5px}h1{font-size:22px}
.on-interactive,.on-hours,.on-minutes,.on-batched,.on-unknown{font-size:26px}.week{font-size:10.5px}.week td,.week th{padding:2px 1px}
th,td{padding:4px 5px}table{font-size:13.5px}.bars tr{display:grid;grid-template-columns:1fr auto}
.bars td,.bars th{border:0}.bars tr{border-bottom:1px solid var(--line);padding:2px 0 5px}.bars .track{grid-column:1/-1;grid-row:2;width:auto;padding-top:0}
.bars thead .track{display:none}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;font-size:11pt}details{border-color:#bbb}
details::details-content{display:block;content-visibility:visible;block-size:auto}summary,h2,h3,h4{break-after:avoid}summary::before{display:none}
svg,table.week,pre,tr,li,p{break-inside:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
}

}  // namespace twolane::app
